"""What serves the one who learns: progress, hints, reset and reveal."""
