"""The console's pages: server-rendered, stateless, in Chinese and English. They show what the services' APIs answer to the operator who looks."""
