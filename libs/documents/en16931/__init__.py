"""The semantic model of EN 16931 between a sales document and the syntaxes that it is written in, UBL and CII."""
