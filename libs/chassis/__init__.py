"""What every service uses: settings, logging, health, metrics, and a start and stop that mirror each other."""
