"""`suyuan demo`: a simulated market streams through everything."""
