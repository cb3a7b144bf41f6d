# What one script tells the next one lies in /run: only root can write there, and a reboot forgets it.
nodrop_state=/run/nodrop/@PACKAGE@
