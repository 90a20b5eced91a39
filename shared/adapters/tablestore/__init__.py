"""The store on Tablestore: the deployed one."""
