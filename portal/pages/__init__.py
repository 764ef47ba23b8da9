"""Pages of the portal: templates, words in both languages, and the files that browsers fetch beside them."""
