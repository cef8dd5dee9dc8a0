"""The PyTorch twin of sgm-bench: a training step, a sampling step, and normals, on one thread."""

import twin

arguments = twin.options(__doc__)

import copy  # noqa: E402  (torch reads its thread count when it is imported)

import torch  # noqa: E402

torch.set_num_threads(1)
torch.manual_seed(1)


def network(case):
    layers = []
    for inputs, outputs in case.layers:
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.SiLU()]
    return torch.nn.Sequential(*layers[:-1])


frequencies = torch.exp(torch.linspace(0, 5, twin.FEATURES // 2))


def embed(noise_level):
    angles = noise_level * frequencies
    return torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)


def training(case):
    """Denoising score matching under dX = -X dt + sqrt(2) dB, with noise as the network's output."""
    model = network(case)
    average = copy.deepcopy(model)
    weights, averages = list(model.parameters()), list(average.parameters())
    a = twin.ADAM
    optimiser = torch.optim.Adam(
        weights, lr=a["rate"], betas=(a["beta1"], a["beta2"]), eps=a["epsilon"], fused=True)
    data = torch.randn(twin.ROWS, case.dimension)

    def step():
        rows = data[torch.randint(twin.ROWS, (case.batch,))]
        t = torch.rand(case.batch, 1) * 3 + 1e-3
        alpha, sigma = torch.exp(-t), torch.sqrt(-torch.expm1(-2 * t))
        noise = torch.randn(case.batch, case.dimension)
        state = torch.cat([alpha * rows + sigma * noise, embed(torch.log(sigma / alpha))], dim=1)
        loss = torch.nn.functional.mse_loss(model(state), noise)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(averages, weights, 1 - twin.EMA_DECAY)

    return lambda count: [step() for _ in range(count)]


def sampling(case):
    """Euler-Maruyama on the reverse of the same process."""
    model = network(case)
    state = torch.randn(case.batch, case.dimension)
    h, t = 1e-3, torch.tensor([[1.0]])

    @torch.inference_mode()
    def run(count):
        nonlocal state
        for _ in range(count):
            alpha, sigma = torch.exp(-t), torch.sqrt(-torch.expm1(-2 * t))
            features = embed(torch.log(sigma / alpha)).expand(case.batch, -1)
            score = model(torch.cat([state, features], dim=1)) / -sigma
            state = state + h * (state + 2 * score) + (2 * h) ** 0.5 * torch.randn_like(state)
            state.clamp_(-9, 9)  # an untrained score must not run away to slow non-finite arithmetic

    return run


def normals():
    numbers = torch.empty(twin.NORMALS)
    return lambda count: [numbers.normal_() for _ in range(count)]


for case in twin.TRAINING:
    times = twin.seconds_per_step(training(case), arguments)
    twin.report(arguments, "PyTorch", "training", case, case.training_work, times)
for case in twin.SAMPLING:
    times = twin.seconds_per_step(sampling(case), arguments)
    twin.report(arguments, "PyTorch", "sampling", case, case.sampling_work, times)
twin.report(arguments, "PyTorch", "normals", None, twin.NORMALS, twin.seconds_per_step(normals(), arguments))
