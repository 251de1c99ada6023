"""Packet log of a scripted phone: every packet of its telephony links, both ways, in plain text.

`Tap` listens at two doors of RNS: `Packet.send`, and `Transport._inbound`,
through which every packet comes once its duplicates are dropped. A packet is
logged before RNS goes on with it, so the log is in causal order; the sink must
be quick, since the packet waits for it.
"""

import threading
import time
from collections import Counter

import RNS
from RNS.vendor import umsgpack

FIELD_SIGNALS = 0x00
FIELD_FRAMES = 0x01

LINK_DATA_KINDS = {
    RNS.Packet.KEEPALIVE: "keepalive",
    RNS.Packet.LINKIDENTIFY: "identify",
    RNS.Packet.LINKCLOSE: "linkclose",
    RNS.Packet.LRRTT: "lrrtt",
}


class Tap:
    """Logs packets through `sink(t, event)`; `media_limit` is how many media packets a link and direction logs, None for all."""

    def __init__(self, sink, media_limit):
        self.sink = sink
        self.media_limit = media_limit
        self.lock = threading.Lock()
        self.counts = Counter()
        self.media_of_link = Counter()

    def install(self):
        send, inbound = RNS.Packet.send, RNS.Transport._inbound

        def tapped_send(packet):
            self._sent(packet)
            return send(packet)

        def tapped_inbound(packet):
            self._received(packet)
            return inbound(packet)

        RNS.Packet.send = tapped_send
        RNS.Transport._inbound = staticmethod(tapped_inbound)

    def stats(self):
        """Counts since the start: `media_tx`, `proof_rx` and so on, always with media and proof."""
        with self.lock:
            counts = dict(self.counts)
        return {key: 0 for key in ("media_tx", "media_rx", "proof_tx", "proof_rx")} | counts

    def _sent(self, packet):
        if isinstance(packet.destination, RNS.Link):
            if packet.destination.status != RNS.Link.CLOSED:  # RNS drops what is sent on a closed link
                self._log("tx", packet, packet.destination.link_id, packet.data)
        elif packet.packet_type in (RNS.Packet.LINKREQUEST, RNS.Packet.PROOF):
            self._log("tx", packet, None, packet.data)

    def _received(self, packet):
        if packet.packet_type in (RNS.Packet.LINKREQUEST, RNS.Packet.PROOF):
            link_id = packet.destination_hash if packet.destination_type == RNS.Destination.LINK else None
            self._log("rx", packet, link_id, packet.data)
        elif packet.packet_type == RNS.Packet.DATA and packet.destination_type == RNS.Destination.LINK:
            link = RNS.Transport.active_links_map.get(packet.destination_hash)
            plaintext = packet.data
            if packet.context != RNS.Packet.KEEPALIVE:
                plaintext = link.decrypt(packet.data) if link and link.derived_key else None
            self._log("rx", packet, packet.destination_hash, plaintext)

    def _log(self, direction, packet, link_id, data):
        t = time.monotonic()
        kind, fields = describe(packet.packet_type, packet.context, data)
        with self.lock:
            self.counts[f"{kind}_{direction}"] += 1
            if kind == "media" and self.media_limit is not None:
                self.media_of_link[link_id, direction] += 1
                if self.media_of_link[link_id, direction] > self.media_limit:
                    return
        event = {"event": "packet", "dir": direction, "kind": kind}
        if link_id:
            event["link"] = link_id.hex()
        if data is not None:
            event |= {"len": len(data), "hex": data.hex()}
        self.sink(t, event | fields)


def describe(packet_type, context, data):
    """Names a packet by its header and plain text, and tells what a telephony payload holds."""
    if packet_type == RNS.Packet.LINKREQUEST:
        return "linkrequest", {}
    if packet_type == RNS.Packet.PROOF:
        return ("lrproof" if context == RNS.Packet.LRPROOF else "proof"), {}
    if context != RNS.Packet.NONE or data is None:
        return LINK_DATA_KINDS.get(context, "data"), {}
    try:
        payload = umsgpack.unpackb(data)
    except Exception:
        return "data", {}
    if not isinstance(payload, dict) or not payload.keys() & {FIELD_SIGNALS, FIELD_FRAMES}:
        return "data", {}
    fields = {}
    if FIELD_SIGNALS in payload:
        fields["signals"] = as_list(payload[FIELD_SIGNALS])
    if FIELD_FRAMES in payload:
        frames = as_list(payload[FIELD_FRAMES])
        fields["frames"] = len(frames)
        if frames and isinstance(frames[0], bytes) and frames[0]:
            fields["codec"] = frames[0][0]
    return ("media" if FIELD_FRAMES in payload else "signal"), fields


def as_list(field):
    return field if isinstance(field, list) else [field]
