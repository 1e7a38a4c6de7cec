local born, id, n = position()
return {born, id, n}
