"""Who is who: names as they are compared, and lists of parties to compare them with."""
