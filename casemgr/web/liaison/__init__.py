"""部门联络门: the pages of other departments; of the services they know ``services.liaison`` and no other."""
