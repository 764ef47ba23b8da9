"""What `suyuan doctor` looks at."""
