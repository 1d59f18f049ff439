"""The API's resources, one module each: input, changes, output model, `from_row`, and a sample."""
