"""Risk rules: one SQL boolean expression each, the same in the stream and over history."""
