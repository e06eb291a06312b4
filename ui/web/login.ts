import './styles/index.css';

const wrong = document.getElementById('wrong');
if (wrong !== null && location.search.startsWith('?wrong')) wrong.hidden = false;
