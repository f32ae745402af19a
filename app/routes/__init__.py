"""The routes, by what they are about. Each module adds its own by its function `register`."""
