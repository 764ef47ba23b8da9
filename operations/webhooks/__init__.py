"""Webhooks: what subscribers are sent over HTTPS, as the Standard Webhooks specification says."""
