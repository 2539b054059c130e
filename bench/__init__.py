"""Programs that measure hwgen: a folder for each subject, README.md lists them."""
