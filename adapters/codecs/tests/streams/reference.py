"""Writes reference.json: what the reference's own codecs make of the recorded calls.

    python3 -m venv target/reference && target/reference/bin/pip install lxst==0.5.4
    target/reference/bin/python adapters/codecs/tests/streams/reference.py

`envelopes` holds, for each recorded call, the RMS of every 20 ms of what A sent and of what A
received, decoded by LXST's codecs. `codec2` holds, for each mode byte, the native frames that
pycodec2 encodes from every second sample of the first three seconds of examples/speech.wav.
"""

import json
import pathlib
import struct
import types
import wave

import numpy as np
import pycodec2
from LXST.Codecs import Codec2, Opus

ROOT = pathlib.Path(__file__).resolve().parents[4]
RATE = 48_000
PROFILES = [10, 20, 30, 40, 50, 60, 70, 80]


def main():
    envelopes = {}
    for profile in PROFILES:
        name = f"media_{profile}.jsonl"
        lines = [json.loads(line) for line in (ROOT / "interop/captures" / name).open()]
        media = [line for line in lines if line["kind"] == "media"]
        envelopes[name] = {
            way: decoded([line["hex"] for line in media if line["dir"] == way])
            for way in ("tx", "rx")
        }
    reference = {"envelopes": envelopes, "codec2": codec2_frames()}
    path = pathlib.Path(__file__).with_name("reference.json")
    path.write_text(json.dumps(reference, separators=(",", ":")).replace("},", "},\n") + "\n")


def decoded(packets):
    """The envelope of packets `81 01 c4 LENGTH CODEC PAYLOAD` or `81 01 c5 HIGH LOW CODEC ...`."""
    codecs, rates = {1: Opus(), 2: Codec2()}, {1: RATE, 2: 8_000}
    codecs[1].sink = types.SimpleNamespace(samplerate=RATE, channels=None)
    pcm, rate = [], RATE
    for packet in map(bytes.fromhex, packets):
        frame = packet[4:] if packet[2] == 0xC4 else packet[5:]
        rate = rates[frame[0]]
        pcm.append(np.mean(codecs[frame[0]].decode(frame[1:]), axis=1))
    pcm = np.concatenate(pcm)
    block = rate // 50
    blocks = pcm[: len(pcm) // block * block].reshape(-1, block)
    return [round(float(rms), 5) for rms in np.sqrt(np.mean(blocks.astype(float) ** 2, axis=1))]


def codec2_frames():
    with wave.open(str(ROOT / "examples/speech.wav")) as speech:
        assert (speech.getframerate(), speech.getnchannels()) == (16_000, 1)
        samples = struct.unpack("<48000h", speech.readframes(48_000))
    narrow = np.array(samples[::2], dtype=np.int16)
    frames = {}
    for mode, header in Codec2.MODE_HEADERS.items():
        codec = pycodec2.Codec2(mode)
        length = codec.samples_per_frame()
        blocks = [narrow[n : n + length] for n in range(0, len(narrow) - length + 1, length)]
        frames[str(header)] = b"".join(map(codec.encode, blocks)).hex()
    return frames


if __name__ == "__main__":
    main()
