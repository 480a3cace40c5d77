// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {SmartAccount} from "../utils/Accounts.sol";
import {AssetsTest} from "./AssetsTest.sol";

contract PublishForTest is AssetsTest {
    IAssetRegistry.Kind internal constant KIND = IAssetRegistry.Kind.Dataset;

    /// @dev All that is handed in.
    struct Sent {
        address publisher;
        IAssetRegistry.Kind kind;
        IAssetRegistry.Publication publication;
        IAccessMarket.OfferTerms[] offers;
        uint256 expiry;
        bytes signature;
    }

    function sign(Sent memory sent, uint256 nonce) internal view returns (Sent memory) {
        bytes32 structHash = keccak256(
            abi.encode(
                PUBLISH_TYPEHASH,
                sent.publisher,
                sent.kind,
                sent.publication.manifestDigest,
                keccak256(abi.encode(sent.publication, sent.offers)),
                nonce,
                sent.expiry
            )
        );
        sent.signature = signFor(ADA_KEY, address(registry), structHash);
        return sent;
    }

    function usual() internal view returns (Sent memory sent) {
        sent.publisher = ada;
        sent.kind = KIND;
        sent.publication = publication(list(), 100, WEIGHTED_ROOT, 1_000);
        sent.offers = offersAt(7e6);
        sent.expiry = block.timestamp + 1 hours;
        return sign(sent, registry.nonceOf(ada));
    }

    function send(Sent memory sent) internal returns (uint256) {
        vm.prank(relayer);
        return
            registry.publishFor(sent.publisher, sent.kind, sent.publication, sent.offers, sent.expiry, sent.signature);
    }

    function expectBadSignature(address signer) internal {
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_BadSignature.selector, signer));
    }

    function test_AnyoneMaySendIt() public {
        Sent memory sent = usual();
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.NonceUsed(ada, 0);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IAssetRegistry.VersionPublished(
            1, 1, ada, KIND, DIGEST, sent.publication.contributors, sent.publication.terms, 100
        );
        uint256 asset = send(sent);
        assertEq(asset721().ownerOf(asset), ada, "owner");
        assertEq(registry.nonceOf(ada), 1, "nonce");
        assertEq(registry.nonceOf(relayer), 0, "the sender's nonce");
        (IAccessMarket.OfferTerms memory terms, bool open,) = market.offerOf(asset << 16);
        assertTrue(open, "open");
        assertEq(terms.price, 7e6, "price");
    }

    function test_RevertWhen_ItWasUsed() public {
        Sent memory sent = usual();
        send(sent);
        expectBadSignature(ada);
        send(sent);
        expectBadSignature(ada);
        send(sign(sent, 0));
        expectBadSignature(ada);
        send(sign(sent, 2));
        send(sign(sent, 1));
        assertEq(registry.nonceOf(ada), 2, "nonce");
    }

    function test_RevertWhen_AnythingElseIsSent() public {
        Sent memory sent = usual();
        sent.publisher = boole;
        expectBadSignature(boole);
        send(sent);
        sent = usual();
        sent.publisher = address(0);
        expectBadSignature(address(0));
        send(sent);
        sent = usual();
        sent.kind = IAssetRegistry.Kind.Model;
        expectBadSignature(ada);
        send(sent);
        sent = usual();
        ++sent.expiry;
        expectBadSignature(ada);
        send(sent);
    }

    function test_RevertWhen_AnotherPublicationIsSent() public {
        publishFrom(boole, list(), 0);
        for (uint256 i; i < 9; ++i) {
            Sent memory sent = usual();
            IAssetRegistry.Publication memory stated = sent.publication;
            if (i == 0) stated.manifestDigest = keccak256("another");
            if (i == 1) stated.parents = list(1);
            if (i == 2) stated.suppliers = list(1);
            if (i == 3) ++stated.terms.royaltyBps;
            if (i == 4) stated.terms.flags = 0;
            if (i == 5) ++stated.contributors.bps;
            if (i == 6) stated.contributors.root = bytes32(uint256(WEIGHTED_ROOT) + 1);
            if (i == 7) --stated.feeBpsMax;
            if (i == 8) stated.consents = only(consentOf(1, ada, 0));
            expectBadSignature(ada);
            send(sent);
        }
    }

    function test_RevertWhen_AnotherOfferIsSent() public {
        for (uint256 i; i < 4; ++i) {
            Sent memory sent = usual();
            if (i == 0) sent.offers[0].price = 1;
            if (i == 1) sent.offers[0].usage = IAccessMarket.Usage.Redistribute;
            if (i == 2) sent.offers[0].flags = 2;
            if (i == 3) sent.offers = new IAccessMarket.OfferTerms[](0);
            expectBadSignature(ada);
            send(sent);
        }
    }

    function test_RevertWhen_TheChainIsAnother() public {
        Sent memory sent = usual();
        vm.chainId(block.chainid + 1);
        expectBadSignature(ada);
        send(sent);
    }

    function test_RevertWhen_TheRegistryIsACopy() public {
        Sent memory sent = usual();
        registry = IAssetRegistry(deployAll(creationsOf(FEE_BPS + 1))[1]);
        expectBadSignature(ada);
        send(sent);
    }

    function test_RevertWhen_ItHasExpired() public {
        Sent memory sent = usual();
        vm.warp(sent.expiry + 1);
        expectRefusal(IAssetRegistry.AssetRegistry_SignatureExpired.selector, sent.expiry);
        send(sent);
        vm.warp(sent.expiry);
        send(sent);
    }

    function test_RevertWhen_AnOfferIsRefused() public {
        Sent memory sent = usual();
        sent.offers[0].token = relayer;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_TokenNotAllowed.selector, relayer));
        send(sign(sent, 0));
        assertEq(registry.versionCount(), 0, "nothing was published");
        assertEq(registry.nonceOf(ada), 0, "nonce");
    }

    function test_ThePublishersRightsCount() public {
        uint256 closed = publishOn(ada, 100, 0, 0);
        Sent memory sent = usual();
        sent.publication.parents = list(closed);
        assertRoyaltiesOf(send(sign(sent, 0)), closed);
        uint256 closedToAda = publishOn(relayer, 100, 0, 0);
        sent.publication.parents = list(closedToAda);
        expectRefusal(IAssetRegistry.AssetRegistry_TermsRefuse.selector, closedToAda);
        send(sign(sent, 1));
    }

    function assertRoyaltiesOf(uint256 version, uint256 ancestor) internal view {
        assertRoyalties(version, list(ancestor), list(100));
    }

    /// @dev The nonce shares a slot with the number of assets that the publisher owns.
    function test_TheNonceIsKeptWhileAssetsComeAndGo() public {
        uint256 asset = send(usual());
        publishFrom(ada, list(), 0);
        assertEq(asset721().balanceOf(ada), 2, "two assets");
        vm.prank(ada);
        asset721().transferFrom(ada, boole, asset);
        assertEq(asset721().balanceOf(ada), 1, "one asset");
        assertEq(registry.nonceOf(ada), 1, "nonce");
        send(usual());
        assertEq(asset721().balanceOf(ada), 2, "two assets again");
        assertEq(registry.nonceOf(ada), 2, "next nonce");
    }

    function test_AnAccountWithCodePublishes() public {
        SmartAccount account = new SmartAccount(ada);
        Sent memory sent = usual();
        sent.publisher = address(account);
        uint256 asset = send(sign(sent, 0));
        assertEq(asset721().ownerOf(asset), address(account), "owner");
    }

    function test_OffersMayBeNone() public {
        Sent memory sent = usual();
        sent.offers = new IAccessMarket.OfferTerms[](0);
        send(sign(sent, 0));
        assertEq(registry.versionCount(), 1, "published");
    }
}
