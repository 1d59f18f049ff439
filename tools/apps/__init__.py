"""Write the Zapier app and the n8n package from the catalog (`make apps`)."""
