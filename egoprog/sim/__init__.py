"""The simulated kitchen: a person with a head camera and two hands, seen from their own eyes.

gl.py picks the offscreen renderer; hand.py, shapes.py and textures.py make what scene.py furnishes the kitchen with;
actor.py turns a program with times into motion; sound.py makes what is heard; record.py writes it down.
Nothing outside this package imports MuJoCo.
"""
