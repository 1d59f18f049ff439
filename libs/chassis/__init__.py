"""What every service stands on: settings, logging, health, metrics, and a start and stop that mirror each other."""
