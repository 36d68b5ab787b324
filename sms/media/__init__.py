"""Pictures and files of texts: fetched, checked, kept, and shown through links that soon end."""
