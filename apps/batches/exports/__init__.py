"""A batch on its way out: tables, pictures in a zip, sheets to print. Everything is made while it is sent."""
