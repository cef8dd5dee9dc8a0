"""NumPy's normals, by each of its bit generators, on one thread."""

import twin

arguments = twin.options(__doc__)

import numpy  # noqa: E402

for generator in (numpy.random.PCG64, numpy.random.SFC64, numpy.random.Philox):
    random = numpy.random.Generator(generator(1))
    numbers = numpy.empty(twin.NORMALS, dtype=numpy.float32)

    def draw(count):
        for _ in range(count):
            random.standard_normal(out=numbers, dtype=numpy.float32)

    times = twin.seconds_per_step(draw, arguments)
    twin.report(arguments, "NumPy", f"normals {generator.__name__}", None, twin.NORMALS, times)
