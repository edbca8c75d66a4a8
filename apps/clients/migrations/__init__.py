"""Migrations of the clients app."""
