"""The live program: evidence in, in any order; revisions of an action program, and what may come next, out."""
