"""Who a person is stays outside: pseudonyms of names, and free text without the numbers of people."""
