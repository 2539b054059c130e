"""The data sets of the recipes, one a file, each as integers of a stated type."""
