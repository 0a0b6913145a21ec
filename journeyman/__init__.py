"""Journeyman's public face. Importing it is cheap: names load when they are first used."""
