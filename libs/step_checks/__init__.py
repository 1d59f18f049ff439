"""What the steps of automations, and of actions with steps inside, may be: checked before anything runs. Pure."""
