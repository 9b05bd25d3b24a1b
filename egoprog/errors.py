"""Everything that egoprog raises on purpose.

EgoprogError
├── ProgramSyntaxError      text that is no program: line, column, expected, found
├── WorldError              the world model's own trouble
│   ├── InfeasibleStep      a sub-action whose pre-conditions the world state contradicts
│   └── DomainError         a table of objects and uses that can't be read
├── InputError              what a sensor, a file or a caller gave is not usable
│   ├── RecordingError      a recording that is missing, broken, or lacks what was asked of it
│   ├── AnnotationError     a row of an annotation file that is not what the format says: file, place, expected, found
│   ├── FrameError          an image: unknown encoding, short data, zero size
│   ├── StampError          stamps that go backwards or jump
│   ├── AudioError          sound: odd rate, wrong encoding, NaN
│   └── PoseError           a pose: zero quaternion, NaN
├── GenerationError         no program could be generated: the model did not answer, or not with a program
├── ModelError              a model that is missing, damaged or of another kind
├── TrainingError           a training that can't go on: a loss that is no number, a full disk
├── DrawingCancelled        a frame that was not drawn to its end, as its caller asked
└── ConfigurationError      an option, parameter or recipe that does not exist or is out of range
    ├── UnknownTask         a task that the simulated kitchen does not know: the nearest names
    ├── UnknownKind         a kind of thing that its catalogue lacks: the nearest names
    └── UnknownRecipe       a recipe that nobody wrote: the nearest names

The library raises them; the command line prints one line and exits 1; a node logs once, counts, and stays up.
Every message says what was expected, what came, and what to do.
"""


class EgoprogError(Exception):
    """The root: catch this to catch whatever egoprog raises on purpose."""


class ProgramSyntaxError(EgoprogError):
    """Text that is no program.

    line, column: 1-based place in the text. expected, found: what stood there and what could have.
    """

    def __init__(self, line, column, expected, found):
        super().__init__(f"line {line}, column {column}: expected {expected}, got {found}")
        self.line = line
        self.column = column
        self.expected = expected
        self.found = found


class WorldError(EgoprogError):
    """The world model's own trouble."""


class InfeasibleStep(WorldError):
    """A sub-action whose pre-conditions the world state contradicts; the message is `explain`'s."""


class DomainError(WorldError):
    """A table of objects and uses that can't be read."""


class InputError(EgoprogError):
    """What a sensor, a file or a caller gave is not usable."""


class RecordingError(InputError):
    """A recording that is missing, broken, or lacks what was asked of it."""


class AnnotationError(InputError):
    """An annotation that is not what its format says, or a file that holds none.

    path: the file. place: where in it, e.g. "line 12, column verb_class"; "" for the file as a whole.
    expected, found: what the format asks for and what stands there. hint: what to do.
    """

    def __init__(self, path, place, expected, found, hint=""):
        where = f"{path}, {place}" if place else f"{path}"
        super().__init__(f"{where}: expected {expected}, got {found}" + (f"; {hint}" if hint else ""))
        self.path = path
        self.place = place
        self.expected = expected
        self.found = found
        self.hint = hint

    def __reduce__(self):  # a worker process hands its errors on as pickles
        return type(self), (self.path, self.place, self.expected, self.found, self.hint)


class FrameError(InputError):
    """An image with an unknown encoding, too little data or no size."""


class StampError(InputError):
    """Stamps that go backwards or jump."""


class AudioError(InputError):
    """Sound at an odd rate, in an unknown encoding, or with NaN."""


class PoseError(InputError):
    """A pose with a zero quaternion or NaN."""


class GenerationError(EgoprogError):
    """No program could be generated."""


class ModelError(EgoprogError):
    """A model that is missing, damaged or of another kind."""


class TrainingError(EgoprogError):
    """A training that can't go on; its last good checkpoint is kept."""


class ConfigurationError(EgoprogError):
    """An option, parameter or recipe that does not exist or is out of range."""


class UnknownTask(ConfigurationError):
    """A task that the simulated kitchen does not know."""


class UnknownKind(ConfigurationError):
    """A kind of thing that the simulated kitchen's catalogue lacks; the message names the nearest."""


class UnknownRecipe(ConfigurationError):
    """A recipe of a training that nobody wrote; the message names the nearest."""


class DrawingCancelled(EgoprogError):
    """A frame that was not drawn to its end, as its caller asked."""
