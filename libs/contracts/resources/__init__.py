"""Input models of the API's resources and of the commands that carry them."""
