"""The names of EPIC-KITCHENS-100's verb and noun classes and of EPIC-SOUNDS' classes, in the order of their numbers.

Source: the epic-kitchens-100-annotations' class files, column `key`, and the epic-sounds-annotations, column `class`.
"""

from __future__ import annotations

from typing import Final

from egoprog.data.epic import ClassTable, NamedClass

_VERBS: Final = """
    take put wash open close insert turn-on cut turn-off pour mix move remove throw dry shake scoop adjust
    squeeze peel empty press flip turn check scrape fill apply fold scrub break pull pat lift hold eat wrap
    filter look unroll sort hang sprinkle rip spray cook add roll search crush stretch knead divide set feel rub
    soak brush sharpen drop drink slide water gather attach turn-down coat transition wear measure increase
    unscrew wait lower form smell use grate screw let-go finish stab serve uncover unwrap choose lock flatten
    switch carry season unlock prepare bake mark bend unfreeze
"""
_NOUNS: Final = """
    tap spoon plate cupboard knife pan lid bowl drawer sponge glass hand fridge cup fork bottle onion cloth
    board:chopping bag spatula container liquid:washing box hob dough package water meat pot potato oil cheese
    bread food tray bin pepper salt colander jar carrot top tomato kettle pasta oven sauce skin paper
    maker:coffee garlic towel egg rubbish rice mushroom chicken cutlery coffee glove can leaf sink milk heat jug
    aubergine salad chilli dishwasher mixture cucumber clothes peach flour courgette filter butter scissors
    chopstick tofu blender olive mat spice sausage peeler:potato napkin cover microwave pizza button
    towel:kitchen vegetable stock grater ladle yoghurt cereal wrap:plastic broccoli sugar brush biscuit lemon
    juicer wrap scale rest rack:drying alarm salmon freezer light spreads squash leek cap fish lettuce curry
    seed foil machine:washing corn soup oatmeal onion:spring clip lighter ginger tea nut vinegar holder
    pin:rolling pie powder burger book shell:egg tongs cream pork oregano banana processor:food paste recipe
    liquid choi:pak cooker:slow plug utensil noodle salami kitchen teapot floor tuna lime omelette bacon
    sandwich phone thermometer orange basket parsley spinner:salad tablet presser coriander opener:bottle cake
    avocado lentil blueberry fan:extractor cellar:salt hummus chair juice pancake bean:green toaster apple
    chocolate ice knob handle wine pea pith yeast coconut fishcakes spinach apron raisin basil grape kale wire
    asparagus paprika mango caper drink stalk turmeric whetstone kiwi bean thyme finger:lady beef whisk
    blackberry slicer control:remote label celery cabbage hoover breadstick roll cocktail crisp ladder beer
    pan:dust battery powder:washing backpack cumin cutter:pizza air pear quorn funnel wall strawberry almond tv
    scotch:egg shelf straw stand machine:sous:vide masher guard:hand shrimp fruit artichoke cork cherry sprout
    mat:sushi stick:crab ring:onion pestle window gin bar mint heater grass:lemon rubber gherkin breadcrumb
    watch melon cinnamon popcorn dumpling rosemary power syrup candle pineapple sheets soda raspberry airer
    balloon turkey computer key pillow pen face plum whiskey door:kitchen tape camera cd extract:vanilla
"""
SOUNDS: Final = (
    "metal-only collision",
    "scrub / scrape / scour / wipe",
    "cut / chop",
    "open / close",
    "rustle",
    "water",
    "plastic-only collision",
    "footstep",
    "stir / mix / whisk",
    "slide object",
    "metal / wood collision",
    "metal / plastic collision",
    "metal / ceramic collision",
    "background",
    "ceramic-only collision",
    "beep",
    "click",
    "metal / glass collision",
    "paper-only collision",
    "pour",
    "glass-only collision",
    "wood-only collision",
    "plastic / paper collision",
    "metal / paper collision",
    "human",
    "metal / cloth collision",
    "plastic / ceramic collision",
    "plastic / wood collision",
    "metal / marble collision",
    "sizzling / boiling",
    "ceramic / glass collision",
    "plastic / marble collision",
    "plastic / glass collision",
    "kettle / mixer / appliance",
    "ceramic / wood collision",
    "kneading",
    "cloth-only collision",
    "ceramic / marble collision",
    "glass / marble collision",
    "wood / glass collision",
    "hoover / fan",
    "spray",
    "zip",
    "drink / eat",
)
VERBS: Final = tuple(_VERBS.split())
NOUNS: Final = tuple(_NOUNS.split())


def class_table(keys: tuple[str, ...]) -> ClassTable:
    """Classes that are known by their names alone."""
    return ClassTable(NamedClass(number, key, (key,), "") for number, key in enumerate(keys))
