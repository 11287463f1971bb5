"""What commands show: findings, summaries, progress."""
