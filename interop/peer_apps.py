"""Other destinations of a scripted phone's Reticulum: broadcast channels, and links to apps."""

import threading
import time

POLL_S = 0.02


class Apps:
    def __init__(self, rns, identity, emit):
        self.rns, self.identity, self.emit = rns, identity, emit
        self.channels, self.links, self.streams = {}, {}, []

    def join(self, name, key):
        """A PLAIN destination, or with a key a GROUP destination of the phone's identity."""
        kinds, parts = self.rns.Destination, name.split(".")
        if key is None:
            channel = kinds(None, kinds.IN, kinds.PLAIN, *parts)
        else:
            channel = kinds(self.identity, kinds.IN, kinds.GROUP, *parts)
            channel.load_private_key(bytes.fromhex(key))
        channel.set_packet_callback(lambda data, packet: self.emit("broadcast", name=name, data=data.hex()))
        self.channels[name] = channel
        self.emit("joined", name=name, destination=channel.hash.hex())

    def broadcast(self, name, data):
        self.rns.Packet(self.channels[name], bytes.fromhex(data)).send()

    def hear(self, name):
        self.rns.Transport.register_announce_handler(AppHandler(name, self.emit))

    def open(self, name, identity):
        threading.Thread(target=self._open, args=(name, bytes.fromhex(identity)), daemon=True).start()

    def serve(self, name):
        kinds = self.rns.Destination
        destination = kinds(self.identity, kinds.IN, kinds.SINGLE, *name.split("."))
        destination.set_link_established_callback(lambda link: self._visited(name, link))
        self.emit("app_served", name=name, destination=destination.hash.hex())

    def send(self, name, data):
        self.rns.Packet(self.links[name], bytes.fromhex(data), create_receipt=False).send()

    def stream(self, name, recording):
        """Speaks and listens on the latest link of an app; its packets are reported no more."""
        from peer_stream import Stream

        self.streams.append(Stream(self.links[name], recording))
        self.emit("streaming", name=name)

    def _open(self, name, identity_hash):
        rns = self.rns
        destination_hash = rns.Destination.hash_from_name_and_identity(name, identity_hash)
        rns.Transport.request_path(destination_hash)
        while not (rns.Transport.has_path(destination_hash) and rns.Identity.recall(destination_hash)):
            time.sleep(POLL_S)
        remote = rns.Identity.recall(destination_hash)
        kinds = rns.Destination
        destination = kinds(remote, kinds.OUT, kinds.SINGLE, *name.split("."))
        link = rns.Link(destination, established_callback=lambda link: self.emit("app_link", name=name))
        link.set_packet_callback(lambda data, packet: self.emit("app_data", name=name, data=data.hex()))
        self.links[name] = link

    def _visited(self, name, link):
        link.set_packet_callback(lambda data, packet: self.emit("app_data", name=name, data=data.hex()))
        link.set_remote_identified_callback(
            lambda link, peer: self.emit("app_identified", name=name, identity=peer.hash.hex())
        )
        link.set_link_closed_callback(lambda link: self.emit("app_closed", name=name))
        self.links[name] = link
        self.emit("app_link", name=name)


class AppHandler:
    receive_path_responses = True

    def __init__(self, name, emit):
        self.aspect_filter, self.emit = name, emit

    def received_announce(self, destination_hash, announced_identity, app_data):
        data = app_data.hex() if app_data else None
        self.emit("app_announce", name=self.aspect_filter, identity=announced_identity.hash.hex(), data=data)
