"""What the tests share: the combinations, their rendered projects, one environment, one service."""
