"""Credit codes, GTINs and licence numbers: normal forms, and what is wrong with a number that has none."""
