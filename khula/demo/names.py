"""Names as they are given in South Africa, by home language: for invented people only."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    girls: tuple[str, ...]
    boys: tuple[str, ...]
    families: tuple[str, ...]
    women: tuple[str, ...]  # of the parents' and grandparents' years
    men: tuple[str, ...]


def _names(girls: str, boys: str, families: str, women: str, men: str) -> Names:
    return Names(
        *(tuple(each.replace("~", " ") for each in list_.split()) for list_ in (girls, boys, families, women, men))
    )


#: "~" stands for a blank inside one name.
NAMES: Mapping[str, Names] = {
    "zu": _names(
        "Amahle Nomvula Thandeka Zinhle Ayanda Nokuthula Lindiwe Nompumelelo Siphesihle Minenhle Sbahle Nandi Zanele"
        " Ntombifuthi Lungile Hlengiwe Nosipho Owethu Asanda Bayanda Olwethu Sinenhlanhla",
        "Sipho Bongani Themba Siyabonga Lwazi Sandile Mthokozisi Nkosana Sabelo Thabani Lindokuhle Mpendulo Jabulani"
        " Bandile Melokuhle Lubanzi Enzokuhle Banele Ntsika Mvelo Sizwe Khwezi",
        "Nkosi Dlamini Zulu Khumalo Ndlovu Mthembu Sithole Buthelezi Cele Mkhize Ngcobo Mazibuko Shabalala Hadebe"
        " Zwane Mabaso Xaba Radebe Gumede Zungu",
        "Thandi Nomusa Busisiwe Sibongile Nonhlanhla Zodwa Ntombizodwa Phumzile Thembi Gugu Nokuthula Duduzile",
        "Bheki Mandla Sibusiso Vusi Musa Dumisani Themba Sifiso",
    ),
    "xh": _names(
        "Anathi Yonela Lilitha Zintle Nomfundo Aphiwe Asemahle Liyema Sinazo Khanyisa Unathi Lulama Zikhona Iviwe",
        "Luthando Ayabonga Siyamthanda Mihlali Lukhanyo Odwa Sanele Athi Bulelani Litha Phila Zukhanye Inathi Sivuyile",
        "Ntuli Mabandla Ngxola Mfeketo Gqola Mda Ngcuka Mali Dyantyi Qwabe Ndungane Tshaka Mgqwetho",
        "Nomsa Noluthando Nomonde Nosisa Thandeka Nontsikelelo Phumla Vuyokazi",
        "Mzwandile Xolani Lungisa Thembinkosi Mncedisi Vuyo",
    ),
    "st": _names(
        "Lerato Palesa Mpho Refilwe Nthabiseng Dineo Lebohang Puleng Limpho Boitumelo Relebohile Reitumetse Karabo"
        " Keletso Tshepiso Bohlokoa",
        "Thabo Tshepo Teboho Kagiso Lehlohonolo Tumelo Katleho Mohau Retshepile Neo Thato Bokang Rethabile Molefi"
        " Lebo Tebogo",
        "Mokoena Molefe Mofokeng Motaung Tshabalala Moloi Mohapi Nhlapo Mosia Radebe Motloung Khoza Sehloho Tau Phiri",
        "Mmathabo Dikeledi Puseletso Matshidiso Mamello Mosa Disebo Nthati",
        "Pule Ntsu Motlatsi Sello Mothusi Khotso",
    ),
    "nso": _names(
        "Mahlatse Koketso Lesego Kgaogelo Mmapula Tshegofatso Phenyo Reneilwe Mologadi Ramadimetja Dipuo Kholofelo"
        " Morongwa Thabang Pheladi Hlompho",
        "Kgotso Lethabo Katlego Thabo Tlou Phuti Kabelo Ofentse Lesiba Mokgadi Tshiamo Matome Kgabo Seroka Madimetja",
        "Maluleka Mphahlele Mashiane Ledwaba Makgoba Moloto Mojapelo Maponya Mathabatha Phasha "
        " Mohlala Rapetsoa Kekana Mamabolo",
        "Mokgadi Ramokone Mmatlala Raesibe Mosibudi Mmakoma Welheminah Sophie",
        "Lesetja Makgoka Johannes Ngoako Phineas Frans",
    ),
    "tn": _names(
        "Keabetswe Boitumelo Tshegofatso Onthatile Gofaone Kelebogile Lorato Bontle Oratile Amantle Resego Masego"
        " Goitseone Reabetswe",
        "Kagiso Tshepang Kgosi Olebogeng Atlegang Otsile Thuto Tlotlo Kitso Lefika Tumisang Moagi Omphile Itumeleng",
        "Modise Molefe Kgosana Seane Mogotsi Tlhabi Moroka Segale Motlhabi Pule Moeng Sebego Mosala Phiri Tsotetsi",
        "Kedibone Gaone Boipelo Mmapitso Dikeledi Segametsi Onalenna Mosetsana",
        "Kabelo Tshenolo Mothusi Lebogang Gaolatlhe Rapula",
    ),
    "ts": _names(
        "Tintswalo Nkateko Nyiko Hlulani Tsakane Rhulani Ntsako Xiluva Vutomi Amukelani Mikateko Kurhula Hlamalani"
        " Nsovo",
        "Vutlhari Tiyani Risima Hlayisani Ntwanano Matimba Nkhensani Tinyiko Wisani Khensani Rirhandzu Akani Lulama"
        " Vukosi",
        "Maluleke Baloyi Chauke Mabunda Hlungwani Shivambu Mathebula Nkuna Makhubele Ngobeni Rikhotso Mabasa Khosa"
        " Manganyi",
        "Basani Tsatsawani Mphephu Nkhesani Gezani Sasavona Josephine Mamayila",
        "Hasani Risenga Mzamani Kokwani Ntlhamu Samuel",
    ),
    "ve": _names(
        "Rofhiwa Mulalo Murendeni Phathutshedzo Rinae Tshedza Ndivhuwo Lufuno Thendo Vhuhwavho Khathutshelo Mpho",
        "Rendani Mashudu Tshilidzi Ndamulelo Azwinndini Livhuwani Fhatuwani Thilivhali Mukundi Wavhudi Rotondwa"
        " Aluwani",
        "Mudau Netshitenzhe Mulaudzi Nemavhola Ravele Munyai Netshifhefhe Mphaphuli"
        " Ramavhoya Tshikovhi Nefolovhodwe Mukwevho",
        "Takalani Nkhumeleni Mukondeleli Avhashoni Tshinakaho Livhuwani",
        "Ntakuseni Mbulaheni Azwihangwisi Thinawanga Maanda",
    ),
    "af": _names(
        "Anika Mieke Chané Jolene Elzaan Shanice Kayla Bronwyn Tasneem Leandri Zoë Micaela",
        "Pieter Ruan Jayden Dewald Ashwin Ethan Franco Keagan Tiaan Marlon Reagan Wihan",
        "van~Wyk Botha Jacobs Adams Williams Fortuin Plaatjies du~Plessis September Arendse van~der~Merwe Petersen"
        " Booysen Isaacs",
        "Magda Elsabé Charmaine Rochelle Denise Lorraine Sandra Priscilla",
        "Deon Gert Clive Riaan Wayne Ivan",
    ),
    "en": _names(
        "Priya Aaliyah Grace Tanisha Ruth Chloe Fatima Nadia Precious Joy Hannah",
        "Kiran Daniel Joshua Yusuf Emmanuel Caleb Bradley Arjun Nathan Blessing Samuel Imraan",
        "Naidoo Pillay Govender Moodley Smith Khan Banda Phiri Daniels Moyo Abrahams Reddy Peters Chetty",
        "Kamini Shireen Mary Elizabeth Ruwayda Patience Memory Anita",
        "Dhiren Anthony Joseph Ismail George Vincent",
    ),
}
