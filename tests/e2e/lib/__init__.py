"""What the end-to-end tests stand on: real registries, a token server, certificates, images, a fault proxy, the runner.

Everything here uses the Python standard library, the docker-registry and the openssl programs, and loopback addresses only.
"""
