"""The nets that the pipeline trains, and yours, which params.yaml names, such as `nets.my_net.DeepNet`.

Nothing here imports the pipeline. DVC watches this folder as a whole: any edit makes all searches stale.
"""
