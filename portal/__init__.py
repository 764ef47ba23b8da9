"""The portal: one app for the API and the pages, a process of its own."""
