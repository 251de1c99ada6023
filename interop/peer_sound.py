"""Sound devices of a scripted phone: a WAV file to speak, a WAV file to hear.

LXST reaches its devices through two classes, `LXST.Sources.Backend` and
`LXST.Sinks.Backend`. `install` puts file devices in their place; line sources
and sinks, filters, mixers, codecs and packetizers stay as they are.

All positions are samples at 48 kHz on one clock (`clock`), so both devices run
at the pace of real time, as a sound card does.
"""

import math
import os
import threading
import time
import wave

import numpy as np

RATE_HZ = 48000
# RMS, -50 dBFS. libopus 1.3.1 makes bursts of up to 13 dB, each a tenth of a second long, of
# synthetic speech without noise: at Low Latency in 17 of 24 phases of the frames, at High Quality in 4.
NOISE = 10 ** (-50 / 20)


def clock():
    return int(time.monotonic() * RATE_HZ)


def sleep_until(position):
    while (missing := position - clock()) > 0:
        time.sleep(missing / RATE_HZ)


def install(room, recording):
    import LXST.Sinks
    import LXST.Sources

    class Microphone(FileMicrophone):
        def __init__(self, preferred_device=None, samplerate=RATE_HZ):
            super().__init__(room, samplerate)

    class Speaker(FileSpeaker):
        def __init__(self, preferred_device=None, samplerate=RATE_HZ):
            super().__init__(recording, samplerate)

    LXST.Sources.Backend = Microphone
    LXST.Sinks.Backend = Speaker


class Room:
    """What can be heard around the microphone: silence, and a WAV file from the moment it starts.

    The file has the noise of a room (`NOISE`), as no speech that a microphone hears is without.
    """

    def __init__(self, path=None, loop=False, delay=0.0):
        self.lock = threading.Lock()
        self.samples = read_spoken(path) if path else np.zeros(0, dtype=np.float32)
        self.loop = loop
        self.delay = int(delay * RATE_HZ)
        self.starts_at = None

    def microphone_opened(self, position):
        """Starts the file when the first microphone of a call opens; a later one of that call goes on in it."""
        with self.lock:
            if self.starts_at is None:
                self.starts_at = position + self.delay

    def call_ended(self):
        with self.lock:
            self.starts_at = None

    def play(self, path):
        samples = read_spoken(path)
        with self.lock:
            self.samples, self.starts_at = samples, clock()

    def listen(self, position, count):
        heard = np.zeros(count, dtype=np.float32)
        with self.lock:
            if self.starts_at is None or len(self.samples) == 0:
                return heard
            at = np.arange(position - self.starts_at, position - self.starts_at + count)
            sounding = at >= 0 if self.loop else (at >= 0) & (at < len(self.samples))
            heard[sounding] = self.samples[at[sounding] % len(self.samples)]
        return heard


class FileMicrophone:
    SAMPLERATE = RATE_HZ

    def __init__(self, room, samplerate):
        self.room = room
        self.samplerate = samplerate
        self.channels = 1
        self.bitdepth = 32

    def get_recorder(self, samples_per_frame):
        return Recorder(self.room)

    def release_recorder(self):
        pass

    def flush(self):
        pass


class Recorder:
    def __init__(self, room):
        self.room = room

    def __enter__(self):
        self.position = clock()
        self.room.microphone_opened(self.position)
        return self

    def __exit__(self, *_):
        pass

    def record(self, numframes):
        start, self.position = self.position, self.position + numframes
        sleep_until(self.position)
        return self.room.listen(start, numframes).reshape(numframes, 1)


class FileSpeaker:
    SAMPLERATE = RATE_HZ

    class Device:
        channels = 2

    def __init__(self, recording, samplerate):
        self.recording = recording
        self.samplerate = samplerate
        self.device = self.Device()

    def get_player(self, samples_per_frame=None, low_latency=None):
        return Player(self.recording, samples_per_frame)

    def release_player(self):
        pass

    def flush(self):
        pass


class Player:
    """A sound card with room for one block: `play` returns when all but a block has been heard."""

    def __init__(self, recording, block):
        self.recording = recording
        self.block = block
        self.position = clock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def play(self, frame):
        mono = np.asarray(frame, dtype=np.float32).mean(axis=1)
        # A late frame is heard when it comes; the silence before it is the gap that a listener hears.
        self.position = max(self.position, clock())
        self.recording.write(self.position, mono)
        self.position += len(mono)
        sleep_until(self.position - (self.block or len(mono)))


class Recording:
    """A WAV file of what the speaker played in the latest call.

    Time 0 of the file is the moment at which this phone reported the call as
    established (the dial tone before it is left out), and a second of the file
    is a second of the call: where the speaker got nothing there is silence.
    """

    def __init__(self, path=None):
        self.path = path
        self.lock = threading.Lock()
        self.pcm = bytearray()
        self.started_at = None

    def start(self):
        with self.lock:
            self.pcm = bytearray()
            self.started_at = clock()

    def write(self, position, mono):
        pcm = np.clip(mono * 32767, -32768, 32767).astype("<i2").tobytes()
        with self.lock:
            if self.started_at is None or position < self.started_at:
                return
            start = 2 * (position - self.started_at)
            self._extend_to(start)
            self.pcm[start : start + len(pcm)] = pcm

    def finish(self):
        """Saves the file and ends the recording. Does nothing outside a call."""
        if self.started_at is not None:
            self.save()
            self.started_at = None

    def save(self):
        """Writes the file, during a call with silence up to now. Returns its seconds."""
        with self.lock:
            if self.started_at is not None:
                self._extend_to(2 * (clock() - self.started_at))
            pcm = bytes(self.pcm)
        if self.path:
            partial = f"{self.path}.part"
            with wave.open(partial, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(RATE_HZ)
                file.writeframes(pcm)
            os.replace(partial, self.path)
        return len(pcm) / 2 / RATE_HZ

    def _extend_to(self, length):
        self.pcm.extend(bytes(max(0, length - len(self.pcm))))


def read_spoken(path):
    samples = read_wav(path)
    return samples + np.random.default_rng(0).normal(0, NOISE, len(samples)).astype(np.float32)


def read_wav(path):
    """Reads a 16-bit WAV of any rate and channel count as mono float samples at 48 kHz."""
    with wave.open(path, "rb") as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path}: {8 * file.getsampwidth()} bits a sample, only 16 are read")
        channels, rate = file.getnchannels(), file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    mono = samples.reshape(-1, channels).mean(axis=1) / 32768
    return resample(mono, rate).astype(np.float32)


def resample(samples, rate):
    """Band-limited: the spectrum of the whole file is cut off or filled up with zeros."""
    if rate == RATE_HZ or len(samples) == 0:
        return samples
    length = math.ceil(len(samples) * RATE_HZ / rate)
    return np.fft.irfft(np.fft.rfft(samples), length) * (length / len(samples))
