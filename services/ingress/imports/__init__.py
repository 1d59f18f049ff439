"""Files of clients and products: read line by line, each checked as if it came by itself."""
