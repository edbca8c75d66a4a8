"""The garbage collector of a process that has loaded everything and now works: fewer and smaller collections."""

import gc

# Objects of containers that may be made until young ones are looked through; Python's own 700 are one or two requests.
YOUNG_OBJECTS = 50_000


def settle() -> None:
    """What is loaded by now stays for ever, so no collection looks at it again.

    Looking through Django and its friends again and again took an eighth of the processor time of a code.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
