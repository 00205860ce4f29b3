# A JupyterHub for one test, inside the image: everybody signs in with one password, and each user's server is started with the
# image's own entry point and command in a home that is empty at first, as behind a DockerSpawner with a volume.
import os

folder = os.environ["HUB_FOLDER"]
port = int(os.environ["HUB_PORT"])

c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port + 1}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 2}"
c.ConfigurableHTTPProxy.pid_file = f"{folder}/proxy.pid"
c.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{folder}/cookie-secret"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["HUB_PASSWORD"]
c.Authenticator.allow_all = True
# May end the hub.
c.Authenticator.admin_users = {"ada"}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = f"{folder}/homes/{{username}}"
c.Spawner.cmd = ["start-oscc-lab", "jupyterhub-singleuser"]
c.Spawner.ip = "127.0.0.1"
c.Spawner.args = ["--LabApp.expose_app_in_browser=True"]
c.Spawner.environment = {"PATH": os.environ["PATH"]}
