"""Invented schools, families and interviews, handed in at the real door as devices would."""
