"""Human speech to measure with, from Debian packages, and noise behind it.

The packages are downloaded and unpacked under the target folder, and not installed. None of what is
in them is part of the repository.
"""

import functools
import pathlib
import shutil
import subprocess
import sys

import av
import numpy as np

RATE = 48_000
SECONDS = 10
LEVEL = 10 ** (-26 / 20)
# Decibels from speech to the noise behind it.
TO_NOISE = 12

ASTERISK = "usr/share/asterisk/sounds/{}/*.g722"
HORIZONS = "usr/share/unknown-horizons/content/audio/voice/{}/0/new_world/*.ogg"
LIBRIVOX = "usr/share/pocketsphinx/test/data/librivox/*.wav"
# Each speaker is in one set. Settings are chosen on the first set, and reported on the second. The name
# has the language and the sex of the voice: "fb" voices have audio up to 20 kHz, the others up to 8.
SETS = {
    "chosen": {
        "de-m-fb": ("unknown-horizons", HORIZONS.format("de")),
        "en-f-fb": ("alsa-utils", "usr/share/sounds/alsa/[FRS]*.wav"),
        "fr-f": ("asterisk-core-sounds-fr-g722", ASTERISK.format("fr*")),
        "it-m": ("asterisk-core-sounds-it-g722", ASTERISK.format("it*")),
        "en-m": ("pocketsphinx-testdata", "usr/share/pocketsphinx/test/data/cards/*.wav"),
    },
    "reported": {
        "en-m-fb": ("unknown-horizons", HORIZONS.format("en")),
        "fr-m-fb": ("unknown-horizons", HORIZONS.format("fr")),
        "en-f": ("asterisk-core-sounds-en-g722", ASTERISK.format("en*")),
        "ru-f": ("asterisk-core-sounds-ru-g722", ASTERISK.format("ru*")),
        "en-m-read": ("pocketsphinx-testdata", LIBRIVOX),
    },
}


@functools.cache
def speech(folder, name):
    """Ten seconds of a voice: its longest recordings one after the other, at -26 dB of full scale."""
    package, pattern = next(voices[name] for voices in SETS.values() if name in voices)
    files = sorted(unpacked(folder, package).glob(pattern), key=lambda file: -file.stat().st_size)
    parts, length = [], 0
    for file in files:
        pcm = trimmed(decoded(file))
        parts += [pcm, np.zeros(RATE // 5)]
        length += len(parts[-2]) + len(parts[-1])
        if length >= SECONDS * RATE:
            break
    pcm = np.concatenate(parts)[: SECONDS * RATE]
    return pcm * (LEVEL / active_level(pcm))


def in_noise(folder, name, kind):
    """The voice in front of a noise: `babble` of the other voices, or that of a `room`."""
    pcm = speech(folder, name)
    generator = np.random.default_rng(sum(name.encode()))
    if kind == "babble":
        others = [other for voices in SETS.values() for other in voices if other != name]
        turned = [np.resize(np.roll(speech(folder, other), 7_001 * n), len(pcm))
                  for n, other in enumerate(others)]
        noise = np.sum(turned, axis=0)
    else:
        # Falls by 3 dB an octave, as what fans and traffic leave in a room.
        spectrum = np.fft.rfft(generator.normal(size=len(pcm)))
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
        noise = np.fft.irfft(spectrum, len(pcm))
    return pcm + noise * (LEVEL * 10 ** (-TO_NOISE / 20) / np.sqrt(np.mean(noise**2)))


def unpacked(folder, package):
    """The folder of a package that is downloaded once."""
    there = pathlib.Path(folder) / package
    if not there.exists():
        if not shutil.which("apt-get"):
            sys.exit(f"the speech is in Debian's package {package}: run this on Debian or Ubuntu")
        print(f"downloading {package}", flush=True)
        part = pathlib.Path(f"{there}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        # A new machine has no list of packages, and an old one knows versions that are gone.
        if not downloads(package, part):
            subprocess.run(["apt-get", "-q", "update"], check=False, stdout=subprocess.DEVNULL)
            if not downloads(package, part):
                sys.exit(f"{package} cannot be downloaded: run apt-get update as root")
        archive = next(part.glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", archive, part], check=True)
        archive.unlink()
        part.rename(there)
    return there


def downloads(package, folder):
    """Whether apt-get puts the package into the folder."""
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package]
    return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0


def decoded(file):
    """Mono PCM at 48 kHz."""
    form = "g722" if file.suffix == ".g722" else None
    with av.open(str(file), format=form) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float64)


def trimmed(pcm):
    """Without the silence around it."""
    loud = np.flatnonzero(np.abs(pcm) > 0.02 * np.max(np.abs(pcm)))
    return pcm[loud[0] : loud[-1] + 1]


def active_level(pcm):
    """The RMS of the blocks of 20 ms that are no pause: within 30 dB of the loudest."""
    blocks = pcm[: len(pcm) // 960 * 960].reshape(-1, 960)
    powers = np.mean(blocks**2, axis=1)
    return np.sqrt(np.mean(powers[powers > np.max(powers) * 1e-3]))
