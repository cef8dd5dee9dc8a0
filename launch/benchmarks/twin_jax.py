"""The JAX twin of sgm-bench: a training step, a sampling step, and normals, compiled, on one thread."""

import os

import twin

arguments = twin.options(__doc__)
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

from functools import partial  # noqa: E402  (XLA reads its flags when it is imported)

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402

STEPS = 10  # compiled into one call: a call a step is up to a fifth slower


def runner(step, carry, constant):
    """Compiles `STEPS` times `carry = step(carry, constant)` into one call that reuses the carry's memory."""

    @partial(jax.jit, donate_argnums=0)
    def many(carry, constant):
        return jax.lax.scan(lambda c, _: (step(c, constant), None), carry, length=STEPS)[0]

    def run(count):
        nonlocal carry
        for _ in range(count):
            carry = many(carry, constant)
        jax.block_until_ready(carry)

    return run


def parameters(case, key):
    def layer(key, inputs, outputs):
        bound = inputs ** -0.5
        return jax.random.uniform(key, (inputs, outputs), minval=-bound, maxval=bound), jnp.zeros(outputs)

    keys = jax.random.split(key, len(case.layers))
    return [layer(k, i, o) for k, (i, o) in zip(keys, case.layers)]


def network(layers, x):
    for w, b in layers[:-1]:
        x = jax.nn.silu(x @ w + b)
    w, b = layers[-1]
    return x @ w + b


frequencies = jnp.exp(jnp.linspace(0, 5, twin.FEATURES // 2))


def embed(noise_level):
    angles = noise_level * frequencies
    return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=1)


def training(case):
    """Denoising score matching under dX = -X dt + sqrt(2) dB, with noise as the network's output."""
    data = jax.random.normal(jax.random.key(2), (twin.ROWS, case.dimension))

    def loss(weights, data, key):
        k1, k2, k3 = jax.random.split(key, 3)
        rows = data[jax.random.randint(k1, (case.batch,), 0, twin.ROWS)]
        t = jax.random.uniform(k2, (case.batch, 1)) * 3 + 1e-3
        alpha, sigma = jnp.exp(-t), jnp.sqrt(-jnp.expm1(-2 * t))
        noise = jax.random.normal(k3, rows.shape)
        state = jnp.concatenate([alpha * rows + sigma * noise, embed(jnp.log(sigma / alpha))], axis=1)
        return jnp.mean((network(weights, state) - noise) ** 2)

    def step(carry, data):
        weights, mean, square, average, number, key = carry
        key, now = jax.random.split(key)
        gradient = jax.grad(loss)(weights, data, now)
        number = number + 1
        a, tree = twin.ADAM, jax.tree.map
        mean = tree(lambda m, g: a["beta1"] * m + (1 - a["beta1"]) * g, mean, gradient)
        square = tree(lambda v, g: a["beta2"] * v + (1 - a["beta2"]) * g * g, square, gradient)
        c1, c2 = 1 - a["beta1"] ** number, 1 - a["beta2"] ** number
        weights = tree(
            lambda w, m, v: w - a["rate"] * (m / c1) / (jnp.sqrt(v / c2) + a["epsilon"]), weights, mean, square)
        average = tree(lambda e, w: e + (1 - twin.EMA_DECAY) * (w - e), average, weights)
        return weights, mean, square, average, number, key

    weights = parameters(case, jax.random.key(1))
    zeros = partial(jax.tree.map, jnp.zeros_like)
    copied = jax.tree.map(jnp.copy, weights)
    carry = (weights, zeros(weights), zeros(weights), copied, jnp.float32(0), jax.random.key(3))

    return runner(step, carry, data)


def sampling(case):
    """Euler-Maruyama on the reverse of the same process."""
    weights = parameters(case, jax.random.key(1))
    h = 1e-3

    def step(carry, constant):
        (state, key), (weights, t) = carry, constant
        key, now = jax.random.split(key)
        alpha, sigma = jnp.exp(-t), jnp.sqrt(-jnp.expm1(-2 * t))
        features = jnp.broadcast_to(embed(jnp.log(sigma / alpha)), (case.batch, twin.FEATURES))
        score = network(weights, jnp.concatenate([state, features], axis=1)) / -sigma
        state = state + h * (state + 2 * score) + (2 * h) ** 0.5 * jax.random.normal(now, state.shape)
        # An untrained score must not run away to slow non-finite arithmetic.
        return jnp.clip(state, -9, 9), key

    state = jax.random.normal(jax.random.key(2), (case.batch, case.dimension))
    return runner(step, (state, jax.random.key(3)), (weights, jnp.ones((1, 1))))


def normals():
    def draw(carry, constant):
        numbers, key = carry
        key, now = jax.random.split(key)
        return jax.random.normal(now, numbers.shape), key

    return runner(draw, (jnp.zeros(twin.NORMALS), jax.random.key(1)), None)


for case in twin.TRAINING:
    times = twin.seconds_per_step(training(case), arguments, STEPS)
    twin.report(arguments, "JAX", "training", case, case.training_work, times)
for case in twin.SAMPLING:
    times = twin.seconds_per_step(sampling(case), arguments, STEPS)
    twin.report(arguments, "JAX", "sampling", case, case.sampling_work, times)
times = twin.seconds_per_step(normals(), arguments, STEPS)
twin.report(arguments, "JAX", "normals", None, twin.NORMALS, times)
