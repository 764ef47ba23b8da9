"""What every request goes through before any route."""
