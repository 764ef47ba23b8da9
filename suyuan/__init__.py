"""Product-quality traceability for online trade: listings meet producers' records in a stream."""
