"""Network of a scripted phone: Reticulum interfaces of its own, on loopback or by AutoInterface, or the shared instance of an rnsd."""

import os

CONFIG = """[reticulum]
enable_transport = No
panic_on_interface_error = No
{instance}

[logging]
loglevel = {log_level}

[interfaces]
"""

STANDALONE = "share_instance = No"

UNIX_INSTANCE = """share_instance = Yes
shared_instance_type = unix
instance_name = {name}
rpc_key = {rpc_key}"""

TCP_INSTANCE = """share_instance = Yes
shared_instance_type = tcp
shared_instance_port = {port}
instance_control_port = {control_port}
rpc_key = {rpc_key}"""

LISTEN = """
[[listener]]
type = TCPServerInterface
enabled = yes
listen_ip = 127.0.0.1
listen_port = {port}
"""

CONNECT = """
[[connection]]
type = TCPClientInterface
enabled = yes
target_host = 127.0.0.1
target_port = {port}
"""

UDP = """
[[udp]]
type = UDPInterface
enabled = yes
listen_ip = 127.0.0.1
listen_port = {listen_port}
forward_ip = 127.0.0.1
forward_port = {forward_port}
"""

AUTO = """
[[auto]]
type = AutoInterface
enabled = yes
"""

IFAC = """network_name = "{network_name}"
passphrase = "{passphrase}"
"""

ATTACHMENT = "Local shared instance"  # what RNS calls a client's interface to its shared instance


def add_arguments(parser):
    network = parser.add_argument_group("network: interfaces of its own, at least one, or --instance")
    network.add_argument("--listen", type=int, metavar="PORT", help="accept Reticulum connections on 127.0.0.1:PORT")
    network.add_argument("--connect", type=int, metavar="PORT", help="connect to 127.0.0.1:PORT, which must listen already")
    network.add_argument("--udp", type=port_pair, metavar="LISTEN:FORWARD", help="receive on one UDP port, send to the other")
    network.add_argument("--auto", action="store_true", help="find neighbours by AutoInterface, on all network interfaces")
    network.add_argument("--ifac", nargs=2, metavar=("NAME", "PASSPHRASE"), help="network name and passphrase of all its interfaces")
    network.add_argument(
        "--instance",
        type=instance,
        metavar="unix:NAME|tcp:PORT:CONTROL",
        help="attach to the running shared instance of this instance_name, or of these shared_instance_port and instance_control_port",
    )
    network.add_argument("--rpc-key", metavar="HEX", help="the rpc_key of that instance, needed to attach")


def check(parser, options):
    own = [option for option in (options.listen, options.connect, options.udp, options.auto or None) if option is not None]
    if options.instance is None:
        if not own:
            parser.error("one of --listen, --connect, --udp, --auto and --instance is needed")
    elif own or options.ifac:
        parser.error("--instance goes without interfaces of its own: the rnsd has them")
    elif not options.rpc_key:
        parser.error("--instance needs --rpc-key")


def write_config(options):
    with open(os.path.join(options.storage, "config"), "w") as file:
        file.write(config_text(options))


def interface_names(options):
    """What RNS calls the interfaces that were asked for."""
    asked = {"listener": options.listen, "connection": options.connect, "udp": options.udp, "auto": options.auto or None, ATTACHMENT: options.instance}
    return {name for name, value in asked.items() if value is not None}


def config_text(options):
    text = CONFIG.format(log_level=options.log_level, instance=instance_text(options))
    ifac = IFAC.format(network_name=options.ifac[0], passphrase=options.ifac[1]) if options.ifac else ""
    if options.listen is not None:
        text += LISTEN.format(port=options.listen) + ifac
    if options.connect is not None:
        text += CONNECT.format(port=options.connect) + ifac
    if options.udp is not None:
        text += UDP.format(listen_port=options.udp[0], forward_port=options.udp[1]) + ifac
    if options.auto:
        text += AUTO + ifac
    return text


def instance_text(options):
    if options.instance is None:
        return STANDALONE
    kind, *place = options.instance
    if kind == "unix":
        return UNIX_INSTANCE.format(name=place[0], rpc_key=options.rpc_key)
    return TCP_INSTANCE.format(port=place[0], control_port=place[1], rpc_key=options.rpc_key)


def port_pair(text):
    first, second = text.split(":")
    return int(first), int(second)


def instance(text):
    kind, place = text.split(":", 1)
    if kind == "unix":
        return kind, place
    if kind == "tcp":
        return kind, *port_pair(place)
    raise ValueError(kind)
