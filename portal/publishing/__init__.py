"""What both ways of publishing over HTTP share: a request with events, a file that is uploaded."""
